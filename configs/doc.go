// Package configs knows the configuration file: every key of it (config.go and
// reference.yaml), how it is read (load.go) and what may stand in it (check.go).
//
//	loader     the same as the last time, where nothing is otherwise
//	tenants    a file without a mistake tenant by tenant, those that are otherwise anew
//	document   YAML to a tree of values, and the place of each of them
//	fields     the tree to a Config: unknown keys, wrong types (gateway/fields)
//	check      what a single key says for itself
//	Check      what the parts say when they are compiled (given by the caller)
//	overlay    flags and environment on top of the file
//	mistakes   all of it in one report, FILE:LINE:COL with the line and a caret
//	restart    which keys a reload leaves as they are
//
// Nothing is started here, and no secret is printed: not in the Config's own
// forms (redact.go), not in a mistake's source line.
package configs
