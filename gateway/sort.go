package gateway

import "sort"

// Sort sorts a list as slices.SortFunc does, by code that all lists share: slices has its own,
// 10 KB, for each kind of element, and half a megabyte of the program was that. It is for what
// nobody waits for in thousands: a comparison costs one call more.
func Sort[T any](list []T, compare func(a, b T) int) { sort.Sort(sorted[T]{list, compare}) }

// SortStable is Sort, and leaves those that are equal in their order.
func SortStable[T any](list []T, compare func(a, b T) int) { sort.Stable(sorted[T]{list, compare}) }

type sorted[T any] struct {
	list    []T
	compare func(a, b T) int
}

func (s sorted[T]) Len() int           { return len(s.list) }
func (s sorted[T]) Less(i, j int) bool { return s.compare(s.list[i], s.list[j]) < 0 }
func (s sorted[T]) Swap(i, j int)      { s.list[i], s.list[j] = s.list[j], s.list[i] }
