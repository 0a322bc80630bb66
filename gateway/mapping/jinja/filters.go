package jinja

// filters are those of Jinja2 3.1 and fromjson, with their arguments by place and by name.
var filters map[string]*operation

func init() {
	filters = map[string]*operation{}
	for _, part := range []map[string]*operation{anyFilters(), textFilters(), numberFilters(), listFilters()} {
		for name, op := range part {
			filters[name] = op
		}
	}
}

// anyFilters are those of any value: filters_any.go.
func anyFilters() map[string]*operation {
	or := takes("default_value? boolean?", defaulted)
	return map[string]*operation{
		"default": or, "d": or, "attr": takes("name", attribute), "tojson": takes("indent?", toJSON),
		"fromjson": dear(8, takes("", readJSON)),
		"string":   takes("", toText), "pprint": takes("", toText), "safe": takes("", markSafe),
	}
}

// textFilters are those of texts.
func textFilters() map[string]*operation {
	escapes := takes("", escape)
	return map[string]*operation{
		// filters_case.go
		"upper": upper, "lower": lower, "capitalize": capitalize, "title": dear(1, textual(titled)),
		// filters_text.go
		"trim": ofText("chars?", trim), "replace": ofText("old new count?", replace), "center": ofText("width?", center),
		"truncate": takes("length? killwords? end? leeway?", truncate), "indent": takes("width? first? blank?", indent),
		"wordcount": dear(1, ofText("", wordCount)), "format": takesAny(format),
		// filters_wrap.go
		"wordwrap": dear(2, takes("width? break_long_words? wrapstring? break_on_hyphens?", wordwrap)),
		// filters_html.go
		"escape": escapes, "e": escapes, "forceescape": ofText("", forceEscape), "striptags": dear(8, textual(withoutTags)),
		"xmlattr": takes("autospace?", xmlAttributes),
		// filters_link.go
		"urlencode": takes("", urlEncode), "urlize": dear(8, ofText("trim_url_limit? nofollow? target? rel? extra_schemes?", urlize)),
	}
}

// numberFilters are those of numbers: filters_number.go.
func numberFilters() map[string]*operation {
	return map[string]*operation{
		"int": takes("default? base?", toInt), "float": takes("default?", toFloat), "abs": takes("", absolute),
		"round": takes("precision? method?", round), "filesizeformat": takes("binary?", fileSize),
	}
}

// listFilters are those of lists and objects.
func listFilters() map[string]*operation {
	length := takes("", lengthOf)
	return map[string]*operation{
		// filters_list.go
		"first": ofItems("", first), "last": ofItems("", last), "random": ofItems("", random), "length": length, "count": length, "list": ofItems("", toList),
		"join": ofItems("d? attribute?", join), "reverse": takes("", reverse), "sum": ofItems("attribute? start?", sum),
		"batch": ofItems("linecount fill_with?", batch), "slice": ofItems("slices fill_with?", sliced),
		// filters_sort.go
		"sort": ofItems("reverse? case_sensitive? attribute?", sorted), "dictsort": takes("case_sensitive? by? reverse?", dictSort), "items": itemsOf,
		"unique": ofItems("case_sensitive? attribute?", unique), "min": ofItems("case_sensitive? attribute?", extreme(-1)), "max": ofItems("case_sensitive? attribute?", extreme(1)),
		"groupby": ofItems("attribute default? case_sensitive?", groupBy),
		// filters_choose.go
		"map": takesAny(mapped), "select": takesAny(chooser(true, false)), "reject": takesAny(chooser(false, false)),
		"selectattr": takesAny(chooser(true, true)), "rejectattr": takesAny(chooser(false, true)),
	}
}
