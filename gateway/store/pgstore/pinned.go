package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// To read and plan the statement of a small group cost PostgreSQL more than to do what it
// says (two fifths of all for a publish, more for a settle), and behind a pooler of
// transactions no statement can be prepared. So what is done all the time is a function of
// the schema for each verb: PL/pgSQL keeps its plans in each process of the database, for
// whomever that works. They are made for any values (fence_1 sets that), so that none is made
// for the first few lists and kept from then on, which may be of another size.
//
// A function is called after its text, so nodes of several versions have each their own. Each
// of its statements sees what was committed before it: a verb is pinned only where it does
// not matter which others of its group ran before it.
var pinned = pin(
	eventTable.put, carriedTable.put, putDelivery, dropped, settleAgain, settleEnded,
	openTable.put, openTable.remove, endedTable.put, aliasTable.put,
	putMark, namesTable.put, ownTable.put, parkedTable.put, parkedTable.remove,
	callbackTable.put, callTable.put, traceTable.put, pendingTable.put, pendingTable.remove,
)

// pin gives verbs the names of their functions.
func pin(verbs ...*verb) []*verb {
	for _, v := range verbs {
		sum := sha256.Sum256([]byte(v.pinnedIn() + v.pinnedSQL("")))
		v.function = "do_" + hex.EncodeToString(sum[:8])
	}
	return verbs
}

// pinnedIn is what the function of a verb takes: a list of each column.
func (v *verb) pinnedIn() string {
	var types []string
	for _, c := range v.in {
		types = append(types, c.sort.name+"[]")
	}
	return strings.Join(types, ", ")
}

// pinnedSQL is what it does; into is where the places go of what it met.
func (v *verb) pinnedSQL(into string) string {
	var arrays []string
	for i := range v.in {
		arrays = append(arrays, "$"+strconv.Itoa(i+1))
	}
	sql := strings.ReplaceAll(v.sql, "{in}", v.listed(arrays, ""))
	if !v.answers && len(v.then) == 0 {
		return sql
	}
	with, places := []string{"v AS (" + sql + ")"}, []string{"{this}", "v"}
	for i, then := range v.then {
		places = append(places, "{"+strconv.Itoa(i)+"}", "v_"+strconv.Itoa(i))
		with = append(with, fmt.Sprintf("v_%d AS (%s)", i, strings.NewReplacer(places...).Replace(then)))
	}
	met := "NULL::int8[]"
	if v.answers {
		met = "ARRAY(SELECT o FROM v)"
	}
	return "WITH " + strings.Join(with, ", ") + " SELECT " + met + into
}

// pinnedFunction makes the function of a verb.
func (v *verb) pinnedFunction() string {
	into := " INTO met"
	return fmt.Sprintf("-- %s\nCREATE FUNCTION {s}%s(%s) RETURNS int8[] LANGUAGE plpgsql AS $$\nDECLARE\n\tmet int8[];\nBEGIN\n\t%s;\n\tRETURN met;\nEND $$;\n", v.name, v.function, v.pinnedIn(), v.pinnedSQL(into))
}
