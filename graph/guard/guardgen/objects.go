package guardgen

import (
	_ "embed"
	"go/types"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
)

//go:embed objects.gotpl
var objectsTemplate string

func objectsFile(cfg *config.Config) string { return filepath.Join(cfg.Exec.Dir(), "objects.go") }

// table is what the template writes.
type table struct {
	Auth, Guard string // import paths
	Owners      []owner
	Interfaces  []*codegen.Interface // and unions
	Boxes       []types.Type         // the Go interfaces behind them, each once
}

// owner is a type of the schema whose Go type has OwnerID.
type owner struct {
	Name      string
	Type      types.Type // T, or a Go interface
	Interface bool
}

type owners []owner

func (all owners) has(name string) bool {
	return slices.ContainsFunc(all, func(o owner) bool { return o.Name == name })
}

func ownersOf(data *codegen.Data) owners {
	var all owners
	for _, o := range data.Objects {
		if o.Root || o.Type == nil || o.BuiltIn {
			continue
		}
		t := types.Unalias(o.Type)
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if tellsOwner(t) {
			all = append(all, owner{Name: o.Name, Type: t, Interface: types.IsInterface(t)})
		}
	}
	return all
}

// tellsOwner reports whether a T in a variable has OwnerID() auth.ID.
func tellsOwner(t types.Type) bool {
	found, _, _ := types.LookupFieldOrMethod(t, true, nil, "OwnerID")
	method, ok := found.(*types.Func)
	if !ok {
		return false
	}
	signature := method.Signature()
	return signature.Params().Len() == 0 && signature.Results().Len() == 1 && isID(signature.Results().At(0).Type())
}

func isID(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	id := reflect.TypeFor[auth.ID]()
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == id.PkgPath() && named.Obj().Name() == id.Name()
}

func render(data *codegen.Data, all owners) error {
	t := table{Auth: reflect.TypeFor[auth.ID]().PkgPath(), Guard: reflect.TypeFor[guard.Objects]().PkgPath(), Owners: all}
	for _, name := range slices.Sorted(maps.Keys(data.Interfaces)) {
		i := data.Interfaces[name]
		t.Interfaces = append(t.Interfaces, i)
		if !slices.ContainsFunc(t.Boxes, func(b types.Type) bool { return types.Identical(b, i.Type) }) {
			t.Boxes = append(t.Boxes, i.Type)
		}
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        objectsFile(data.Config),
		Template:        objectsTemplate,
		Data:            t,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}
