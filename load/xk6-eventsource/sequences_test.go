package eventsource

import (
	"math/rand/v2"
	"testing"
)

func TestSequences(t *testing.T) {
	t.Run("a number is new once", func(t *testing.T) {
		var set sequences
		for _, sequence := range []int{1, 64, 65, 128, 1000, sequenceMax} {
			if set.has(sequence) || !set.add(sequence) || set.add(sequence) || !set.has(sequence) {
				t.Fatalf("%d was not new exactly once", sequence)
			}
		}
		if set.has(2) || set.has(63) || set.has(66) || set.count() != 6 {
			t.Fatalf("the set has others: %d members", set.count())
		}
	})

	t.Run("what is complete from the start needs no memory, in whatever order it came", func(t *testing.T) {
		var set sequences
		for _, at := range rand.Perm(6400) {
			if !set.add(at + 1) {
				t.Fatalf("%d was not new", at+1)
			}
		}
		if len(set.words) != 0 || set.count() != 6400 || set.size() != 100 || set.add(1) || set.add(6400) || set.has(6401) {
			t.Fatalf("%d words, %d members, size %d", len(set.words), set.count(), set.size())
		}
	})

	t.Run("one hole keeps only what comes after it", func(t *testing.T) {
		var set sequences
		for sequence := 1; sequence <= 6400; sequence++ {
			if sequence != 5000 {
				set.add(sequence)
			}
		}
		if len(set.words) > 23 || set.has(5000) || set.count() != 6399 {
			t.Fatalf("%d words, %d members", len(set.words), set.count())
		}
	})

	t.Run("no set is an empty set", func(t *testing.T) {
		var none *sequences
		if none.size() != 0 || none.word(0) != 0 || none.count() != 0 {
			t.Fatal("it has members")
		}
	})

	t.Run("it agrees with a map", func(t *testing.T) {
		var set sequences
		known := map[int]bool{}
		for range 20_000 {
			sequence := 1 + rand.IntN(3000)
			if set.add(sequence) == known[sequence] {
				t.Fatalf("they disagree on %d", sequence)
			}
			known[sequence] = true
		}
		if set.count() != len(known) {
			t.Fatalf("%d members, not %d", set.count(), len(known))
		}
	})
}
