package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hookgate/gateway"
)

// nameArguments has cmd, and all below it, say which argument is missing, or one too many:
// cobra says how many there must be.
func nameArguments(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		nameArguments(below)
	}
	check := cmd.Args
	if check == nil || cmd.HasSubCommands() {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		names := argumentsOf(cmd)
		words := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		if len(args) < len(names) {
			return usagef("%s: %s is missing", words, names[len(args)])
		}
		file := cmd.Flags().ShorthandLookup("f")
		switch one := args[len(args)-1]; {
		case file != nil && file.Name == "file":
			return usagef("%s: %s stands alone: use -f %s", words, one, one)
		case cmd.Flags().Lookup("file") != nil:
			return usagef("%s: %s stands alone: use --file %s", words, one, one)
		default:
			return usagef("%s: %s is one argument too many", words, one)
		}
	}
}

// argumentsOf gives the names of the arguments that must be there, as Use has them.
func argumentsOf(cmd *cobra.Command) (names []string) {
	for _, word := range strings.Fields(cmd.Use)[1:] {
		if strings.HasPrefix(word, "-") || strings.HasPrefix(word, "[") {
			break
		}
		names = append(names, strings.TrimSuffix(word, "..."))
	}
	return names
}

// secondsFlag is a flag of whole seconds, that is written as a number or as a duration.
type secondsFlag struct{ to *int }

var errSeconds = errors.New("must be whole seconds: 90, 90s or 5m")

// Set reads 90, 90s or 5m.
func (f secondsFlag) Set(text string) error {
	d, err := gateway.ParseDuration(text)
	if err != nil || time.Duration(d)%time.Second != 0 {
		return errSeconds
	}
	*f.to = int(time.Duration(d) / time.Second)
	return nil
}

func (f secondsFlag) String() string {
	if f.to == nil || *f.to == 0 { // cobra shows no default of it then
		return "0"
	}
	return strconv.Itoa(*f.to)
}

// Type is what the help shows of its value.
func (f secondsFlag) Type() string { return "seconds" }
