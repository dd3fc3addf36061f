package postgres

// What the tests look at from outside.
var (
	OpenEngine   = openEngine
	IsUnanswered = isUnanswered
)

// Unfit is the reason why a server of this kind is refused, or empty.
func Unfit(version string, number int) string {
	schema := "public"
	return server{version: version, number: number, encoding: "UTF8", schema: &schema, mayMake: true}.unfit()
}
