package web

import (
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// writeError answers a request that never became an operation, in the words of GraphQL.
func writeError(w http.ResponseWriter, r *http.Request, status int, known *auth.Error) {
	if known.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(known.RetrySeconds()))
	}
	resp := &graphql.Response{Errors: gqlerror.List{shown(known)}}
	_ = writeWithStatus(w, r, status, resp)
}

// shown is the error in the words of GraphQL.
func shown(known *auth.Error) *gqlerror.Error {
	return &gqlerror.Error{Message: known.Message, Extensions: known.Extensions()}
}

// refuseCrossOrigin answers what a page of another origin sent (http.CrossOriginProtection).
func refuseCrossOrigin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	writeError(w, r, http.StatusForbidden, &auth.Error{
		Code: auth.Forbidden, Message: "Requests from pages of other origins are not taken.",
	})
}
