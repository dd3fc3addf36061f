package sqlite

// OpenEngine is what Open makes the store of.
var OpenEngine = openEngine
