package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Optional is a parameter whose absence means something else than its zero. huma reads no pointers here.
type Optional[T any] struct {
	Value T
	Given bool
}

var (
	_ huma.ParamWrapper = (*Optional[int])(nil)
	_ huma.ParamReactor = (*Optional[int])(nil)
)

// Schema is that of the value.
func (Optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver is where huma puts the value.
func (o *Optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is told whether there was one.
func (o *Optional[T]) OnParamSet(given bool, _ any) { o.Given = given }

// pointer is nil for what was not given.
func (o Optional[T]) pointer() *T {
	if !o.Given {
		return nil
	}
	return &o.Value
}
