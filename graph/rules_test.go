package graph_test

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/guardtest"
)

// The personas of the product.
func anonymous() guardtest.Persona { return guardtest.Anonymous() }

func user() guardtest.Persona { return guardtest.Role(auth.RoleUser) }

func support() guardtest.Persona { return guardtest.Role(auth.RoleUser, auth.RoleSupport) }

func admin() guardtest.Persona { return guardtest.Role(auth.RoleUser, auth.RoleAdmin) }

const staffFields = `{ user(id: "usr_1") { id name email roles disabledAt disabledReason } }`

// TestRules is the contract of schema.graphqls in a few telling cases: who sees what, and what is refused as a whole.
func TestRules(t *testing.T) {
	cases := []map[string]guardtest.Case{readingRules(), staffRules(), mutationRules(), signInRules(), tokenRules()}
	schema := guardtest.Load(t, "../schema.graphqls")
	for _, some := range cases {
		guardtest.Run(t, schema, some, guard.WithoutIdentity("Mutation.signOut"))
	}
}

func readingRules() map[string]guardtest.Case {
	return map[string]guardtest.Case{
		"nobody is told who they are": {
			As: anonymous(), Query: `{ me { id email } }`,
			Want: guardtest.Verdicts{"Query.me": guardtest.Unauthenticated, "User": guardtest.Unauthenticated},
		},
		"nobody sees that there is a node": {
			As: anonymous(), Query: `{ node(id: "usr_1") { id } }`,
			Want: guardtest.Verdicts{
				"Query.node": guardtest.Unauthenticated, "User": guardtest.Unauthenticated, "Session": guardtest.Unauthenticated,
				"AuditEvent": guardtest.Unauthenticated, "SigningKey": guardtest.Unauthenticated, "SigningKey.id": guardtest.Unauthenticated,
			},
		},
		"anyone may ask what is open to them, and an administrator by which rule": {
			As: anonymous(), Query: `{ permissions { coordinate access rule } }`,
			Want: guardtest.Verdicts{"FieldPermission.rule": guardtest.Unauthenticated},
		},
		"an administrator sees the rules": {As: admin(), Query: `{ permissions { coordinate rule } }`, Want: guardtest.Allowed()},
		"a user sees names, and of addresses only their own": {
			As: user(), Query: `{ me { id name createdAt email emailVerified roles lastSignInAt } }`,
			Want: guardtest.Verdicts{
				"User.email": guardtest.Own, "User.emailVerified": guardtest.Own, "User.roles": guardtest.Own, "User.lastSignInAt": guardtest.Own,
			},
		},
		"a user sees their own sessions": {
			As: user(), Query: `{ me { sessions { nodes { id ipAddress } edges { cursor node { lastUsedAt } } } } }`,
			Want: guardtest.Verdicts{"User.sessions": guardtest.Own, "Session": guardtest.Own},
		},
		"a node is whatever its type says": {
			As: user(), Query: `{ node(id: "ses_1") { id ... on Session { userAgent } ... on User { disabledReason } } }`,
			Want: guardtest.Verdicts{
				"Session": guardtest.Own, "AuditEvent": guardtest.Forbidden, "User.disabledReason": guardtest.Forbidden,
				"SigningKey": guardtest.Forbidden, "SigningKey.id": guardtest.Forbidden,
			},
		},
		"a user's own claims are theirs": {As: user(), Query: `{ claims { subject roles extra } }`, Want: guardtest.Allowed()},
	}
}

func staffRules() map[string]guardtest.Case {
	return map[string]guardtest.Case{
		"support sees a user whole":        {As: support(), Query: staffFields, Want: guardtest.Allowed()},
		"an administrator sees them whole": {As: admin(), Query: staffFields, Want: guardtest.Allowed()},
		"a user looks nobody up": {
			As: user(), Query: staffFields,
			Want: guardtest.Verdicts{
				"Query.user": guardtest.Forbidden, "User.email": guardtest.Own, "User.roles": guardtest.Own,
				"User.disabledAt": guardtest.Forbidden, "User.disabledReason": guardtest.Forbidden,
			},
		},
		"a user lists nobody, by no filter": {
			As: user(), Query: `{ users(filter: {emailContains: "a"}) { totalCount nodes { name } } }`,
			Want: guardtest.Verdicts{"Query.users": guardtest.Forbidden},
		},
		"support lists users by their addresses": {
			As: support(), Query: `{ users(filter: {emailContains: "a"}) { totalCount nodes { name email } } }`, Want: guardtest.Allowed(),
		},
		"support reads no audit events": {
			As: support(), Query: `{ auditEvents { nodes { action } } }`,
			Want: guardtest.Verdicts{
				"Query.auditEvents": guardtest.Forbidden, "AuditEventConnection": guardtest.Forbidden, "AuditEvent": guardtest.Forbidden,
			},
		},
		"support sees no signing keys": {
			As: support(), Query: `{ signingKeys { keyId } }`,
			Want: guardtest.Verdicts{
				"Query.signingKeys": guardtest.Forbidden, "SigningKey": guardtest.Forbidden, "SigningKey.keyId": guardtest.Forbidden,
			},
		},
		"an administrator sees the signing keys": {As: admin(), Query: `{ signingKeys { keyId state publicJwk } }`, Want: guardtest.Allowed()},
		"an administrator reads audit events":    {As: admin(), Query: `{ auditEvents { nodes { action details } } }`, Want: guardtest.Allowed()},
	}
}

func mutationRules() map[string]guardtest.Case {
	return map[string]guardtest.Case{
		"support creates a user": {
			As:        support(),
			Query:     `mutation($p: Secret!) { createUser(input: {email: "a@example.com", name: "A", password: $p}) { user { email roles } } }`,
			Variables: map[string]any{"p": "correct horse battery"}, Want: guardtest.Allowed(),
		},
		"support gives nobody a role": {
			As: support(), Query: `mutation($in: CreateUserInput!) { createUser(input: $in) { user { id } } }`,
			Variables: map[string]any{"in": map[string]any{"email": "a@example.com", "name": "A", "password": "correct horse battery", "roles": "ADMIN"}},
			Want:      guardtest.Refused{"CreateUserInput.roles": guardtest.Forbidden},
		},
		"not even no role at all": {
			As: support(), Query: `mutation { createUser(input: {email: "a@example.com", name: "A", password: "x", roles: null}) { user { id } } }`,
			Want: guardtest.Refused{"CreateUserInput.roles": guardtest.Forbidden},
		},
		"an administrator who signed in lately changes roles": {
			As: admin().SignedInAgo(15 * time.Minute), Query: `mutation { setUserRoles(input: {userId: "usr_1", roles: [SUPPORT]}) { user { roles } } }`,
			Want: guardtest.Allowed(),
		},
		"an administrator who signed in long ago proves again who they are": {
			As: admin().SignedInAgo(16 * time.Minute), Query: `mutation { setUserRoles(input: {userId: "usr_1", roles: [SUPPORT]}) { user { roles } } }`,
			Want: guardtest.Refused{"Mutation.setUserRoles": guardtest.RecentSignInRequired},
		},
		"an administrator who signed in long ago rotates no key": {
			As: admin().SignedInAgo(16 * time.Minute), Query: `mutation { rotateSigningKey { signingKey { keyId } } }`,
			Want: guardtest.Refused{"Mutation.rotateSigningKey": guardtest.RecentSignInRequired},
		},
		"support changes no roles, however lately they signed in": {
			As: support().SignedInAgo(0), Query: `mutation { setUserRoles(input: {userId: "usr_1", roles: [ADMIN]}) { user { id } } }`,
			Want: guardtest.Refused{"Mutation.setUserRoles": guardtest.Forbidden},
		},
		"a mutation that is open runs not beside one that is not": {
			As: user(), Query: `mutation { updateProfile(input: {name: "Ada"}) { user { name } } disableUser(input: {userId: "usr_1"}) { user { name } } }`,
			Want: guardtest.Refused{"Mutation.disableUser": guardtest.Forbidden},
		},
		"a user ends sessions, which the use case holds to be theirs": {
			As: user(), Query: `mutation { revokeSession(input: {sessionId: "ses_1"}) { session { endedAt } } }`,
			Want: guardtest.Verdicts{"Session": guardtest.Own},
		},
		"nobody changes a password": {
			As: anonymous(), Query: `mutation { changePassword(input: {currentPassword: "x", newPassword: "y"}) { expiresAt } }`,
			Want: guardtest.Refused{"Mutation.changePassword": guardtest.Unauthenticated},
		},
		"a user deletes their account only after a recent sign-in": {
			As: user(), Query: `mutation { deleteAccount(input: {password: "x"}) { deletedUserId } }`,
			Want: guardtest.Refused{"Mutation.deleteAccount": guardtest.RecentSignInRequired},
		},
	}
}

func signInRules() map[string]guardtest.Case {
	return map[string]guardtest.Case{
		"who has just signed in sees themselves, their session and their tokens": {
			As: anonymous(), Query: `mutation { signIn(input: {email: "a@example.com", password: "x"}) { user { name email } session { id ipAddress } accessToken } }`,
			Want: guardtest.Verdicts{"User.email": guardtest.Own, "Session": guardtest.Own},
		},
		"who has just signed up is no staff": {
			As: anonymous(), Query: `mutation { signUp(input: {email: "a@example.com", name: "A", password: "x"}) { user { disabledReason } } }`,
			Want: guardtest.Verdicts{"User.disabledReason": guardtest.Forbidden},
		},
		"a stale token is no hindrance to refreshing":     {As: guardtest.Unverified(), Query: `mutation { refreshSession { accessToken } }`, Want: guardtest.Allowed()},
		"nor to signing out":                              {As: guardtest.Unverified(), Query: `mutation { signOut { endedSessions } }`, Want: guardtest.Allowed()},
		"with one nothing else runs, not what anyone may": {As: guardtest.Unverified(), Query: `{ permissions { coordinate } }`, Want: guardtest.Refused{}},
	}
}

func tokenRules() map[string]guardtest.Case {
	reader := admin().LimitedTo("users:read").SignedInAgo(0)
	return map[string]guardtest.Case{
		"an administrator's token for reading reads users":          {As: reader, Query: staffFields, Want: guardtest.Allowed()},
		"an administrator's token for reading users reads no audit": {As: reader, Query: `{ auditEvents { pageInfo { hasNextPage } } }`, Want: guardtest.Verdicts{"Query.auditEvents": guardtest.Forbidden, "AuditEventConnection": guardtest.Forbidden}},
		"an administrator's token for reading reads no sessions": {
			As: reader, Query: `{ me { sessions { nodes { id } } } }`, Want: guardtest.Verdicts{"Session": guardtest.Forbidden},
		},
		"an administrator's token for reading changes nothing": {
			As: reader, Query: `mutation { disableUser(input: {userId: "usr_1"}) { user { id } } }`,
			Want: guardtest.Refused{"Mutation.disableUser": guardtest.Forbidden},
		},
		"a user's token for reading does not change their address": {
			As: user().LimitedTo("users:read").SignedInAgo(0), Query: `mutation { changeEmail(input: {email: "b@example.com"}) { user { id } } }`,
			Want: guardtest.Refused{"Mutation.changeEmail": guardtest.Forbidden},
		},
	}
}
