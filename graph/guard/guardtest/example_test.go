package guardtest_test

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/graph/guard/guardtest"
)

// A table of rule tests, as it stands in a project's own TestRules.
func ExampleRun() {
	testRules := func(t *testing.T) {
		clerk := guardtest.Role("CLERK")
		guardtest.Run(t, guardtest.Load(t, "schema.graphqls"), map[string]guardtest.Case{
			"a boss sees salaries": {
				As:    guardtest.Role("BOSS"),
				Query: `{ people { name salary } }`,
				Want:  guardtest.Allowed(),
			},
			"a clerk sees names, and no salaries": {
				As:    clerk,
				Query: `{ people { name salary } }`,
				Want:  guardtest.Verdicts{"Person.salary": guardtest.Forbidden},
			},
			"everyone signed in sees their own address": {
				As:    guardtest.SignedIn(),
				Query: `{ me { email } }`,
				Want:  guardtest.Verdicts{"Person.email": guardtest.Own},
			},
			"a token for the diary opens the diary": {
				As:    clerk.LimitedTo("diary").SignedInAgo(time.Hour),
				Query: `{ me { diary } }`,
				Want:  guardtest.Allowed(),
			},
			"a clerk who sets a salary hires nobody": {
				As:    clerk,
				Query: `mutation { hire(input: {name: "Bob", salary: 3}) { name } }`,
				Want:  guardtest.Refused{"HireInput.salary": guardtest.Forbidden},
			},
		})
	}
	_ = testRules
}
