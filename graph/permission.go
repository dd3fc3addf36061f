package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
)

// PermissionTable is permissions.md of the schema that is in the program.
func PermissionTable() string {
	return guard.PermissionTable(Schema())
}

// Permissions are what the caller's claims open, of one type or of all.
func (q query) Permissions(ctx context.Context, typeName *string) ([]*guard.Permission, error) {
	all := q.permissions(auth.CallerFrom(ctx))
	open := make([]*guard.Permission, 0, len(all))
	for i := range all {
		if typeName == nil || all[i].Type == *typeName {
			open = append(open, &all[i])
		}
	}
	return open, nil
}
