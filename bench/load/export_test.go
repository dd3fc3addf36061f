package main

// ProcessorTime is what a process and its children have used.
var ProcessorTime = processorTime
