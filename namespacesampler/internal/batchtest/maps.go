// SPDX-License-Identifier: Apache-2.0

// Package batchtest looks at the working memory of walks, for their tests.
package batchtest

import "reflect"

// Map is a map of a walk: which one it is, and how many entries it has.
type Map struct {
	ID  uintptr
	Len int
}

// Maps returns the maps that a walk consists of, by the names of their fields. It does not follow pointers, which lead to what walks
// share. Maps that were not made yet are left out.
func Maps(walk any) map[string]Map {
	all := map[string]Map{}
	collect(reflect.ValueOf(walk).Elem(), "", all)
	return all
}

func collect(v reflect.Value, name string, all map[string]Map) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			collect(v.Field(i), name+"."+v.Type().Field(i).Name, all)
		}
	case reflect.Map:
		if !v.IsNil() {
			all[name] = Map{ID: v.Pointer(), Len: v.Len()}
		}
	default:
	}
}
