package testserver

import (
	"context"
	"fmt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/generated"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/office"
)

type resolvers struct{ calls *Calls }

type (
	query         struct{ *resolvers }
	mutation      struct{ *resolvers }
	subscription  struct{ *resolvers }
	person        struct{ *resolvers }
	letter        struct{ *resolvers }
	safe          struct{ *resolvers }
	parcel        struct{ *resolvers }
	tool          struct{ *resolvers }
	crate         struct{ *resolvers }
	memo          struct{ *resolvers }
	signInPayload struct{ *resolvers }
	tick          struct{ *resolvers }
)

var _ generated.ResolverRoot = (*resolvers)(nil)

func (r *resolvers) Query() generated.QueryResolver                 { return query{r} }
func (r *resolvers) Mutation() generated.MutationResolver           { return mutation{r} }
func (r *resolvers) Subscription() generated.SubscriptionResolver   { return subscription{r} }
func (r *resolvers) Person() generated.PersonResolver               { return person{r} }
func (r *resolvers) Letter() generated.LetterResolver               { return letter{r} }
func (r *resolvers) Safe() generated.SafeResolver                   { return safe{r} }
func (r *resolvers) Parcel() generated.ParcelResolver               { return parcel{r} }
func (r *resolvers) Tool() generated.ToolResolver                   { return tool{r} }
func (r *resolvers) Crate() generated.CrateResolver                 { return crate{r} }
func (r *resolvers) Memo() generated.MemoResolver                   { return memo{r} }
func (r *resolvers) SignInPayload() generated.SignInPayloadResolver { return signInPayload{r} }
func (r *resolvers) Tick() generated.TickResolver                   { return tick{r} }

func ref[T any](v T) *T { return &v }

// The objects that there are: three people, a letter to each of the first two, a safe and a parcel.
func people() []*office.Person {
	return []*office.Person{{ID: "ada", Name: "Ada"}, {ID: "bob", Name: "Bob"}, {ID: "cy", Name: "Cy"}}
}

func personOf(id auth.ID) *office.Person {
	for _, p := range people() {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func letters() []*office.Letter {
	return []*office.Letter{letterTo("bob"), letterTo("ada")}
}

func letterTo(id auth.ID) *office.Letter {
	return &office.Letter{ID: "to-" + id, Text: "Dear " + string(id), To: *personOf(id)}
}

func toolOf(keeper auth.ID) *office.Tool { return &office.Tool{ID: "tool", Keeper: personOf(keeper)} }

func crateOf(keeper auth.ID) *office.Crate {
	return &office.Crate{ID: "crate", Keeper: personOf(keeper)}
}

func object(id auth.ID) any {
	switch id {
	case "to-ada":
		return letterTo("ada")
	case "to-bob":
		return letterTo("bob")
	case "safe":
		return &office.Safe{ID: "safe"}
	case "tool":
		return toolOf("ada")
	case "crate":
		return crateOf("bob")
	case "nothing":
		return (*office.Person)(nil)
	}
	if p := personOf(id); p != nil {
		return p
	}
	return nil
}

func (r query) Open(context.Context) (*string, error) {
	r.calls.Add("Query.open")
	return ref("open"), nil
}

func (r query) Me(ctx context.Context) (*office.Person, error) {
	r.calls.Add("Query.me")
	return personOf(auth.CallerFrom(ctx).ID()), nil
}

func (r query) Node(_ context.Context, id auth.ID) (office.Node, error) {
	r.calls.Add("Query.node")
	return object(id), nil
}

func (r query) Nodes(context.Context) ([]office.Node, error) {
	r.calls.Add("Query.nodes")
	return []office.Node{personOf("ada"), letterTo("bob"), nil, letterTo("ada"), &office.Safe{ID: "safe"}}, nil
}

func (r query) Hits(context.Context) ([]office.Hit, error) {
	r.calls.Add("Query.hits")
	return []office.Hit{office.Parcel{Label: "fragile"}, letterTo("bob"), personOf("bob"), letterTo("ada"), office.Safe{ID: "safe"}}, nil
}

func (r query) Hit(_ context.Context, id auth.ID) (office.Hit, error) {
	r.calls.Add("Query.hit")
	if id == "parcel" {
		return &office.Parcel{Label: "fragile"}, nil
	}
	return object(id), nil
}

func (r query) Person(_ context.Context, id auth.ID) (*office.Person, error) {
	r.calls.Add("Query.person")
	return personOf(id), nil
}

// People are the three, over and over where count asks for more.
func (r query) People(_ context.Context, count *int) ([]*office.Person, error) {
	r.calls.Add("Query.people")
	all := people()
	if count == nil {
		return all, nil
	}
	many := make([]*office.Person, *count)
	for i := range many {
		many[i] = all[i%len(all)]
	}
	return many, nil
}

func (r query) Letters(context.Context) ([]*office.Letter, error) {
	r.calls.Add("Query.letters")
	return letters(), nil
}

func (r query) Grid(context.Context) ([][]*office.Letter, error) {
	r.calls.Add("Query.grid")
	return [][]*office.Letter{{letterTo("ada")}, {letterTo("ada"), letterTo("bob")}}, nil
}

func (r query) Safe(context.Context) (*office.Safe, error) {
	r.calls.Add("Query.safe")
	return &office.Safe{ID: "safe"}, nil
}

func (r query) Safes(context.Context) ([]*office.Safe, error) {
	r.calls.Add("Query.safes")
	return []*office.Safe{nil, {ID: "safe"}, {ID: "safe"}}, nil
}

func (r query) Memo(context.Context) (*office.Memo, error) {
	r.calls.Add("Query.memo")
	return &office.Memo{Author: ref("Ada")}, nil
}

func (r query) Salaries(context.Context, office.Count) ([]int, error) {
	r.calls.Add("Query.salaries")
	return []int{1, 2}, nil
}

func (r query) Vault(context.Context, office.Count) (*office.Safe, error) {
	r.calls.Add("Query.vault")
	return &office.Safe{ID: "safe"}, nil
}

func (r query) File(context.Context, auth.ID) (*string, error) {
	r.calls.Add("Query.file")
	return ref("file"), nil
}

func (r query) CachedSalary(context.Context) (*int, error) {
	r.calls.Add("Query.cachedSalary")
	return ref(42), nil
}

func (r query) Viewer(context.Context) (*office.Viewer, error) {
	r.calls.Add("Query.viewer")
	return &office.Viewer{Name: ref("viewer")}, nil
}

func (r query) Private(context.Context) (*office.Private, error) {
	r.calls.Add("Query.private")
	return &office.Private{}, nil
}

// Search answers what it was asked, as it was read.
func (r query) Search(_ context.Context, text *string, limit *office.Count, filter *office.Filter, anyOf []*office.Filter, grid [][]*office.Filter) (*string, error) {
	r.calls.Add("Query.search")
	return ref(fmt.Sprintf("text %t, limit %t, filter %t, anyOf %d, grid %d", text != nil, limit != nil, filter != nil, len(anyOf), len(grid))), nil
}

func (r query) Items(context.Context, *office.Filter) ([]office.Item, error) {
	r.calls.Add("Query.items")
	return []office.Item{crateOf("bob"), toolOf("ada"), *crateOf("ada"), nil, *toolOf("cy")}, nil
}

func (r query) Gates(context.Context) ([]office.Gate, error) {
	r.calls.Add("Query.gates")
	return []office.Gate{&office.Window{}, office.Door{}, &office.Window{}}, nil
}

func (r query) Rated(_ context.Context, id auth.ID) (office.Rated, error) {
	r.calls.Add("Query.rated")
	if id == "parcel" {
		return &office.Parcel{Label: "fragile"}, nil
	}
	if p := personOf(id); p != nil {
		return p, nil
	}
	return nil, nil
}

func (r mutation) SignIn(ctx context.Context, name string) (*office.SignInPayload, error) {
	r.calls.Add("Mutation.signIn")
	guard.SignIn(ctx, Caller(name))
	return &office.SignInPayload{
		Person: personOf(Caller(name).ID()), Letters: letters(), Sheaf: [][]*office.Letter{letters(), {letterTo("ada")}},
	}, nil
}

func (r mutation) Forgetful(context.Context) (*office.SignInPayload, error) {
	r.calls.Add("Mutation.forgetful")
	return &office.SignInPayload{Person: personOf("ada"), Letters: letters()}, nil
}

func (r mutation) Sneak(ctx context.Context, name string) (*office.SneakPayload, error) {
	r.calls.Add("Mutation.sneak")
	guard.SignIn(ctx, Caller(name))
	return &office.SneakPayload{Person: personOf(Caller(name).ID())}, nil
}

func (r mutation) SignOut(ctx context.Context) (*string, error) {
	r.calls.Add("Mutation.signOut")
	caller := auth.CallerFrom(ctx)
	return ref(fmt.Sprintf("out: %s, refused: %t", caller.ID(), caller.Refused != nil)), nil
}

func (r mutation) Touch(_ context.Context, id auth.ID) (*office.PersonPayload, error) {
	r.calls.Add("Mutation.touch")
	return &office.PersonPayload{Person: personOf(id)}, nil
}

func (r mutation) Fire(_ context.Context, id auth.ID) (*office.PersonPayload, error) {
	r.calls.Add("Mutation.fire")
	return &office.PersonPayload{Person: personOf(id)}, nil
}

func (r mutation) OpenSafe(context.Context) (*office.Safe, error) {
	r.calls.Add("Mutation.openSafe")
	return &office.Safe{ID: "safe"}, nil
}

func (r mutation) Find(_ context.Context, id auth.ID) (office.Node, error) {
	r.calls.Add("Mutation.find")
	return object(id), nil
}

func (r mutation) Seek(_ context.Context, id auth.ID) (office.Hit, error) {
	r.calls.Add("Mutation.seek")
	return object(id), nil
}

func (r mutation) Hire(_ context.Context, in office.HireInput) (*office.PersonPayload, error) {
	r.calls.Add("Mutation.hire")
	return &office.PersonPayload{Person: &office.Person{ID: "new", Name: fmt.Sprintf("%s of rank %d", in.Name, in.Rank)}}, nil
}

func (r mutation) Praise(_ context.Context, id auth.ID, times *int) (*office.PersonPayload, error) {
	r.calls.Add("Mutation.praise")
	name := "praised, times unsaid"
	if times != nil {
		name = fmt.Sprintf("praised %d times", *times)
	}
	return &office.PersonPayload{Person: &office.Person{ID: id, Name: name}}, nil
}

func (r mutation) Vow(context.Context) (*string, error) {
	r.calls.Add("Mutation.vow")
	return ref("vow"), nil
}

func (r subscription) Secrets(ctx context.Context, _ *office.Filter) (<-chan *office.Tick, error) {
	r.calls.Add("Subscription.secrets")
	return ticks(ctx), nil
}

func (r subscription) Rumours(ctx context.Context) (<-chan *office.Tick, error) {
	r.calls.Add("Subscription.rumours")
	return ticks(ctx), nil
}

func (r subscription) Ticks(ctx context.Context) (<-chan *office.Tick, error) {
	r.calls.Add("Subscription.ticks")
	return ticks(ctx), nil
}

func (r subscription) Alarms(ctx context.Context) (<-chan *office.Tick, error) {
	r.calls.Add("Subscription.alarms")
	return ticks(ctx), nil
}

func ticks(ctx context.Context) <-chan *office.Tick {
	events := make(chan *office.Tick)
	go func() {
		defer close(events)
		for i, l := range letters() {
			select {
			case events <- &office.Tick{Number: i + 1, Letter: l}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}
