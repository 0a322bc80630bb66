//go:build !race

package api_test

const underDetector = false
