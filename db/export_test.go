package db

// What the tests look at from outside.
var UserPage = userPage

// Instant is a time as it is kept.
type Instant = instant
