package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"hookgate/configs"
)

// told is one thing that check has to say.
type told struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"` // error, warning
	Message  string `json:"message"`
}

// toldOf takes a report apart. What is of the environment or a flag has no place.
func toldOf(severity string, err error) (all []told) {
	mistakes, _ := errors.AsType[configs.Mistakes](err)
	for _, m := range mistakes.Apart() {
		all = append(all, told{File: m.File, Line: m.Line, Column: m.Column, Severity: severity, Message: m.Message})
	}
	return all
}

// showTold writes a report for a program: as a JSON array, or as GitHub's workflow
// commands, by which it shows each in its place.
func showTold(w io.Writer, format string, all []told) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(append([]told{}, all...))
	}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, t := range all {
		place := ""
		if t.File != "" {
			place = fmt.Sprintf(" file=%s,line=%d,col=%d", property.Replace(t.File), t.Line, t.Column)
		}
		if _, err := fmt.Fprintf(w, "::%s%s::%s\n", t.Severity, place, data.Replace(t.Message)); err != nil {
			return err
		}
	}
	return nil
}
