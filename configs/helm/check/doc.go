// Package check holds the chart to Helm's and Kubernetes' own code: linted and rendered by
// Helm's packages, each manifest decoded strictly by the types of its API.
//
// It is a module of its own, so that hookgate needs none of that: go test ./... of the main
// module does not see it, .ci/packages runs it. To link the helm command would take three
// times the build of the packages of it that are used here.
package check
