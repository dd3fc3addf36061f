package auth_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
)

func TestSliceOf(t *testing.T) {
	tests := map[string]struct {
		page auth.Page
		read []int
		want auth.Slice[int]
	}{
		"the first page of several": {auth.Page{Limit: 2}, []int{9, 8, 7}, auth.Slice[int]{Items: []int{9, 8}, HasNext: true}},
		"the only page":             {auth.Page{Limit: 2}, []int{9, 8}, auth.Slice[int]{Items: []int{9, 8}}},
		"the last page": {
			auth.Page{Limit: 2, Beyond: "x"},
			[]int{7},
			auth.Slice[int]{Items: []int{7}, HasPrevious: true},
		},
		"backward from the end": {
			auth.Page{Limit: 2, Backward: true},
			[]int{1, 2, 3},
			auth.Slice[int]{Items: []int{2, 1}, HasPrevious: true},
		},
		"backward to the start": {
			auth.Page{Limit: 2, Backward: true, Beyond: "x"},
			[]int{8, 9},
			auth.Slice[int]{Items: []int{9, 8}, HasNext: true},
		},
		"nothing": {auth.Page{Limit: 2}, nil, auth.Slice[int]{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, auth.SliceOf(test.page, test.read)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
