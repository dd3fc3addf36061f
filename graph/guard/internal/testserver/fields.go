package testserver

import (
	"context"

	"github.com/fieldward/fieldward/graph/guard/internal/testserver/office"
)

func (r person) Title(_ context.Context, p *office.Person) (*string, error) {
	r.calls.Add("Person.title")
	return ref("Dr " + p.Name), nil
}

func (r person) Email(_ context.Context, p *office.Person) (*string, error) {
	r.calls.Add("Person.email")
	return ref(string(p.ID) + "@office.test"), nil
}

func (r person) Salary(context.Context, *office.Person) (*int, error) {
	r.calls.Add("Person.salary")
	return ref(1000), nil
}

func (r person) Pension(context.Context, *office.Person) (*int, error) {
	r.calls.Add("Person.pension")
	return ref(500), nil
}

func (r person) Friends(context.Context, *office.Person, *office.Count) ([]*office.Person, error) {
	r.calls.Add("Person.friends")
	return people(), nil
}

func (r person) Boss(context.Context, *office.Person) (*office.Person, error) {
	r.calls.Add("Person.boss")
	return personOf("cy"), nil
}

func (r person) Letters(context.Context, *office.Person) (*office.LetterConnection, error) {
	r.calls.Add("Person.letters")
	page := &office.LetterConnection{Nodes: letters()}
	for _, l := range letters() {
		page.Edges = append(page.Edges, office.LetterEdge{Cursor: string(l.ID), Node: l})
	}
	return page, nil
}

func (r person) Safe(context.Context, *office.Person) (*office.Safe, error) {
	r.calls.Add("Person.safe")
	return &office.Safe{ID: "safe"}, nil
}

func (r person) Diary(context.Context, *office.Person) (*string, error) {
	r.calls.Add("Person.diary")
	return ref("diary"), nil
}

func (r person) Vote(context.Context, *office.Person) (*string, error) {
	r.calls.Add("Person.vote")
	return ref("vote"), nil
}

func (r person) Will(_ context.Context, p *office.Person) (*string, error) {
	r.calls.Add("Person.will")
	return ref("will of " + string(p.ID)), nil
}

func (r person) Perk(context.Context, *office.Person) (*string, error) {
	r.calls.Add("Person.perk")
	return ref("perk"), nil
}

func (r person) Club(context.Context, *office.Person) (*string, error) {
	r.calls.Add("Person.club")
	return ref("club"), nil
}

func (r person) Rating(context.Context, *office.Person, *string) (*int, error) {
	r.calls.Add("Person.rating")
	return ref(5), nil
}

func (r person) Poem(context.Context, *office.Person, *string) (*string, error) {
	r.calls.Add("Person.poem")
	return ref("poem"), nil
}

func (r letter) Stamp(context.Context, *office.Letter) (*string, error) {
	r.calls.Add("Letter.stamp")
	return ref("red"), nil
}

func (r letter) Draft(_ context.Context, l *office.Letter) (*string, error) {
	r.calls.Add("Letter.draft")
	return ref("draft of " + string(l.ID)), nil
}

func (r safe) Code(context.Context, *office.Safe) (int, error) {
	r.calls.Add("Safe.code")
	return 1234, nil
}

func (r safe) Price(context.Context, *office.Safe) (*int, error) {
	r.calls.Add("Safe.price")
	return ref(99), nil
}

func (r parcel) Price(context.Context, *office.Parcel) (*int, error) {
	r.calls.Add("Parcel.price")
	return ref(7), nil
}

func (r parcel) Rating(context.Context, *office.Parcel, *string) (*int, error) {
	r.calls.Add("Parcel.rating")
	return ref(4), nil
}

func (r tool) Tag(context.Context, *office.Tool, *string, *office.Filter) (*string, error) {
	r.calls.Add("Tool.tag")
	return ref("tool"), nil
}

func (r tool) Kin(context.Context, *office.Tool) (office.Item, error) {
	r.calls.Add("Tool.kin")
	return crateOf("ada"), nil
}

func (r crate) Tag(context.Context, *office.Crate, *string, *office.Filter) (*string, error) {
	r.calls.Add("Crate.tag")
	return ref("crate"), nil
}

func (r crate) Kin(context.Context, *office.Crate) (office.Item, error) {
	r.calls.Add("Crate.kin")
	return toolOf("ada"), nil
}

func (r crate) Content(context.Context, *office.Crate) ([][]office.Item, error) {
	r.calls.Add("Crate.content")
	return [][]office.Item{{toolOf("ada"), crateOf("bob")}, nil, {*crateOf("ada")}}, nil
}

func (r crate) Weight(context.Context, *office.Crate) (*int, error) {
	r.calls.Add("Crate.weight")
	return ref(12), nil
}

func (r memo) Text(context.Context, *office.Memo) (*string, error) {
	r.calls.Add("Memo.text")
	return ref("memo"), nil
}

func (r signInPayload) Hint(context.Context, *office.SignInPayload) (*string, error) {
	r.calls.Add("SignInPayload.hint")
	return ref("hint"), nil
}

func (r signInPayload) Greeting(context.Context, *office.SignInPayload, *string, *office.Filter) (*string, error) {
	r.calls.Add("SignInPayload.greeting")
	return ref("hello"), nil
}

func (r tick) Cost(context.Context, *office.Tick) (*int, error) {
	r.calls.Add("Tick.cost")
	return ref(3), nil
}

func (r tick) Ballot(context.Context, *office.Tick) (*int, error) {
	r.calls.Add("Tick.ballot")
	return ref(1), nil
}
