// Package check holds what is run by Compose to Compose's own code: each file is loaded as
// docker compose does it, by its schema, and what it names is looked for: folders, services,
// variables, the configurations of hookgate, which it checks itself.
//
// It is a module of its own, so that hookgate needs none of that: go test ./... of the main
// module does not see it, .ci/packages runs it. No container is started.
package check
