// The first thing that a newcomer reads.
export const welcome = `# Fieldward: Ctrl-Enter (Mac: Cmd-Enter) runs
# the operation at the cursor.
#
# To sign in, run this in a tab of its own:
#
#   mutation {
#     signIn(input: {
#       email: "you@example.com"
#       password: "..."
#     }) { accessToken expiresAt }
#   }
#
# Then write the token into Headers, below:
#
#   { "Authorization": "Bearer ..." }
#
# What you may see of the schema depends on who
# you are: the documentation and the completion
# follow the headers.

{
  __typename
}
`;
