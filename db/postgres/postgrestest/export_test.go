package postgrestest

// What the tests look at from outside.
var FindPrograms = findPrograms
