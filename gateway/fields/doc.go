// Package fields decodes what people write, strictly, and names the place of
// every fault at once.
//
// [Parse] turns JSON into a tree; package configs makes the same tree of YAML.
// [Decode] walks the tree beside a Go value and its json tags, sets what is
// right and reports what is not: a field that is not known, a wrong type, a bad
// value. A member that is null is as good as absent.
//
// encoding/json would stop at the first fault, name no list index, take fields
// in any letter case, and take a member that is written twice.
package fields
