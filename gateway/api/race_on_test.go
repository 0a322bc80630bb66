//go:build race

package api_test

// underDetector says that the race detector looks on. A schema is compiled anew for each answer,
// which takes it minutes and shares nothing: answers are held to the description without it.
const underDetector = true
