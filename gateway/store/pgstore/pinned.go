package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// To read and plan the statement of a small group cost PostgreSQL more than to do what it
// says (two fifths of all for a publish, more for a settle), and behind a pooler of
// transactions no statement can be prepared. So what is done all the time is a function of
// the schema for each verb: PL/pgSQL keeps its plans in each process of the database, for
// whomever that works. They are made for any values (fence_2 sets that), so that none is made
// for the first few lists and kept from then on, which may be of another size.
//
// A function is called after its text, so nodes of several versions have each their own. Each
// of its statements sees what was committed before it: a verb is pinned only where it does
// not matter which others of its group ran before it.
//
// Of what is there again as a rule (the line of a wait, at its end; a name; a pending call) rows
// are looked for. Of all else no statement does so at first: verb.fresh.
var pinned = pin(
	eventTable.put, carriedTable.put, putDelivery, dropped, settleAgain, settleEnded,
	openTable.put, openTable.remove, endedTable.put, aliasTable.put,
	putMark, namesTable.put, ownTable.put, parkedTable.put, parkedTable.remove,
	callbackTable.put, callTable.put, traceTable.put, pendingTable.put, pendingTable.remove,
	settleEndedWell, settleEndedWell.freshly(settleEndedWell.sql, takeDue, putEnded),
	putDelivery.freshly(insertDelivery), putMark.freshly(insertMark),
	eventTable.putsFreshly(), carriedTable.putsFreshly(), openTable.putsFreshly(), endedTable.putsFreshly(),
	callbackTable.putsFreshly(),
)

// pin gives verbs the names of their functions, which are made when they are first asked for:
// most processes have no PostgreSQL.
func pin(verbs ...*verb) []*verb {
	for _, v := range verbs {
		v.function = sync.OnceValue(func() string { return "do_" + summed(v.pinnedIn()+v.pinnedSQL("")) })
	}
	return verbs
}

// summed stands for a text in a name.
func summed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// pinnedIn is what the function of a verb takes: a list of each column.
func (v *verb) pinnedIn() string {
	return listTypes(v.in)
}

// listTypes are the types of a list of each column.
func listTypes(in []column) string {
	var types []string
	for _, c := range in {
		types = append(types, c.sort.name+"[]")
	}
	return strings.Join(types, ", ")
}

// listPlaces are the places of a list of each column, where they are the first parameters.
func listPlaces(in []column) (places []string) {
	for i := range in {
		places = append(places, "$"+strconv.Itoa(i+1))
	}
	return places
}

// pinnedSQL is what it does; into is where the places go of what it met.
func (v *verb) pinnedSQL(into string) string {
	sql := strings.ReplaceAll(v.sql, "{in}", v.listed(listPlaces(v.in), ""))
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
	return fmt.Sprintf("-- %s\nCREATE FUNCTION {s}%s(%s) RETURNS int8[] LANGUAGE plpgsql AS $$\nDECLARE\n\tmet int8[];\nBEGIN\n\t%s;\n\tRETURN met;\nEND $$;\n", v.name, v.function(), v.pinnedIn(), v.pinnedSQL(" INTO met"))
}

// questions are those that have functions, all of them.
var questions = answered(markQuestion, endedQuestion, namesQuestion, ownQuestion, loadQuestion)

func answered(all ...*question) []*question {
	for _, q := range all {
		q.function = sync.OnceValue(func() string { return "ask_" + summed(listTypes(q.in)+q.pinnedSQL()) })
	}
	return all
}

// pinnedSQL is what the function of a question asks.
func (q *question) pinnedSQL() string {
	n := len(q.in)
	return strings.NewReplacer(
		"{in}", fmt.Sprintf("unnest(%s) WITH ORDINALITY AS i(%s, o)", strings.Join(listPlaces(q.in), ", "), names(q.in, "*")),
		"{low}", "$"+strconv.Itoa(n+1), "{high}", "$"+strconv.Itoa(n+2)).Replace(q.sql)
}

// pinnedFunction makes the function of a question, which says how itself is planned.
func (q *question) pinnedFunction() string {
	mode := "force_generic_plan"
	if q.choice {
		mode = "force_custom_plan"
	}
	return fmt.Sprintf("-- a question\nCREATE FUNCTION {s}%s(%s, int8, int8) RETURNS TABLE (a_o int8, a_first bytea, a_second bytea) LANGUAGE plpgsql STABLE SET plan_cache_mode = %s AS $$\nBEGIN\n\tRETURN QUERY %s;\nEND $$;\n", q.function(), listTypes(q.in), mode, q.pinnedSQL())
}
