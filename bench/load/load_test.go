package main_test

import (
	"os"
	"testing"
	"time"

	load "github.com/fieldward/fieldward/bench/load"
)

func TestProcessorTimeOfAProcessGrowsWithItsWork(t *testing.T) {
	before, began := load.ProcessorTime(os.Getpid()), time.Now()
	for load.ProcessorTime(os.Getpid()) < before+50*time.Millisecond {
		if time.Since(began) > time.Minute {
			t.Fatal("a minute of work is not seen")
		}
	}
	if none := load.ProcessorTime(0); none != 0 {
		t.Errorf("no process has used %s", none)
	}
}
