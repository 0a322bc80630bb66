package configs

import (
	"fmt"
	"strings"

	"hookgate/gateway"
)

// variable finds ${NAME}, and $${ which stands for the text ${.
var variable = gateway.Pattern(`\$\$\{|\$\{([^}]*)(\}?)`)

var (
	variableName = gateway.Pattern(`^[A-Za-z_][A-Za-z0-9_]*$`)
	oneVariable  = gateway.Pattern(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`)
)

// variableAlone says whether a value is nothing but one variable: its source
// line tells no secret.
func variableAlone(value string) bool { return oneVariable().MatchString(value) }

// expand puts the environment's values in for ${NAME}; found says whether there
// were any. What is put in is not expanded again. The faults name variables,
// never values.
func expand(value string, lookup func(string) (string, bool)) (expanded string, found bool, faults []string) {
	if !strings.Contains(value, "${") {
		return value, false, nil
	}
	expanded = variable().ReplaceAllStringFunc(value, func(text string) string {
		if text == "$${" {
			return "${"
		}
		name, closed := strings.CutSuffix(text[len("${"):], "}")
		if !closed {
			faults = append(faults, `has a ${ without its }: write $${ for the text "${"`)
			return ""
		}
		if !variableName().MatchString(name) {
			faults = append(faults, `has a ${…} that is no variable: its name has letters, digits and _ only; write $${ for the text "${"`)
			return ""
		}
		set, ok := lookup(name)
		if !ok {
			faults = append(faults, fmt.Sprintf("needs the environment variable %s, which is not set", name))
			return ""
		}
		found = true
		return set
	})
	return expanded, found, faults
}
