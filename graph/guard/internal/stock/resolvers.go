package stock

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/stock/generated"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/office"
)

type resolvers struct{ calls *testserver.Calls }

type (
	query    struct{ *resolvers }
	mutation struct{ *resolvers }
	person   struct{ *resolvers }
	safe     struct{ *resolvers }
	parcel   struct{ *resolvers }
)

var _ generated.ResolverRoot = (*resolvers)(nil)

func (r *resolvers) Query() generated.QueryResolver       { return query{r} }
func (r *resolvers) Mutation() generated.MutationResolver { return mutation{r} }
func (r *resolvers) Person() generated.PersonResolver     { return person{r} }
func (r *resolvers) Safe() generated.SafeResolver         { return safe{r} }
func (r *resolvers) Parcel() generated.ParcelResolver     { return parcel{r} }

func letter() *office.Letter { return &office.Letter{ID: "to-ada", Text: "Dear ada"} }

func (r query) Open(context.Context) (*string, error) {
	r.calls.Add("Query.open")
	return new("open"), nil
}

func (r query) Me(ctx context.Context) (*office.Person, error) {
	r.calls.Add("Query.me")
	return &office.Person{ID: auth.CallerFrom(ctx).ID(), Name: "Ada"}, nil
}

func (r query) Node(context.Context, auth.ID) (office.Node, error) {
	r.calls.Add("Query.node")
	return letter(), nil
}

func (r query) Hit(_ context.Context, id auth.ID) (office.Hit, error) {
	r.calls.Add("Query.hit")
	if id == "parcel" {
		return &office.Parcel{Label: "fragile"}, nil
	}
	return letter(), nil
}

func (r query) People(_ context.Context, count *int) ([]*office.Person, error) {
	r.calls.Add("Query.people")
	all := make([]*office.Person, *count)
	for i := range all {
		all[i] = &office.Person{ID: "ada", Name: "Ada"}
	}
	return all, nil
}

func (r query) Letters(context.Context) ([]*office.Letter, error) {
	r.calls.Add("Query.letters")
	return []*office.Letter{letter()}, nil
}

func (r query) Safe(context.Context) (*office.Safe, error) {
	r.calls.Add("Query.safe")
	return &office.Safe{ID: "safe"}, nil
}

func (r query) Salaries(context.Context, office.Count) ([]int, error) {
	r.calls.Add("Query.salaries")
	return []int{1, 2}, nil
}

func (r query) File(context.Context, auth.ID) (*string, error) {
	r.calls.Add("Query.file")
	return new("file"), nil
}

func (r query) CachedSalary(context.Context) (*int, error) {
	r.calls.Add("Query.cachedSalary")
	return new(42), nil
}

func (r query) Viewer(context.Context) (*office.Viewer, error) {
	r.calls.Add("Query.viewer")
	return &office.Viewer{Name: new("viewer")}, nil
}

func (r mutation) SignOut(context.Context) (*string, error) {
	r.calls.Add("Mutation.signOut")
	return new("out"), nil
}

func (r mutation) Touch(_ context.Context, id auth.ID) (*office.PersonPayload, error) {
	r.calls.Add("Mutation.touch")
	return &office.PersonPayload{Person: &office.Person{ID: id}}, nil
}

func (r mutation) Fire(_ context.Context, id auth.ID) (*office.PersonPayload, error) {
	r.calls.Add("Mutation.fire")
	return &office.PersonPayload{Person: &office.Person{ID: id}}, nil
}

func (r person) Title(_ context.Context, p *office.Person) (*string, error) {
	r.calls.Add("Person.title")
	return new("Dr " + p.Name), nil
}

func (r person) Email(_ context.Context, p *office.Person) (*string, error) {
	r.calls.Add("Person.email")
	return new(string(p.ID) + "@office.test"), nil
}

func (r person) Salary(context.Context, *office.Person) (*int, error) {
	r.calls.Add("Person.salary")
	return new(1000), nil
}

func (r person) Pension(context.Context, *office.Person) (*int, error) {
	r.calls.Add("Person.pension")
	return new(500), nil
}

func (r safe) Code(context.Context, *office.Safe) (int, error) {
	r.calls.Add("Safe.code")
	return 1234, nil
}

func (r parcel) Price(context.Context, *office.Parcel) (*int, error) {
	r.calls.Add("Parcel.price")
	return new(7), nil
}
