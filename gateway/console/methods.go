package console

import (
	"net/url"
	"time"

	"hookgate/gateway/markup"
)

// methods are what templates may call of values. A test holds them to the templates.
var methods = markup.Methods{
	"Age":             {(*wait).Age},
	"Ahead":           {(*change).Ahead},
	"Answer":          {shownAttempt.Answer, (*lastError).Answer},
	"As":              {field.As},
	"Aside":           {(*editShown).Aside},
	"Asks":            {listShown.Asks},
	"Asset":           {(*frame).Asset},
	"At":              {(*view).At, (*problemOf).At},
	"Broken":          {(*endpoint).Broken},
	"CallsTook":       {(*figures).CallsTook},
	"CallsTookAtMost": {(*figures).CallsTookAtMost},
	"CanTry":          {(*editShown).CanTry},
	"Checks":          {upstream.Checks},
	"Deadline":        {(*line).Deadline},
	"Did":             {(*auditLine).Did},
	"Ended":           {(*delivery).Ended},
	"Format":          {time.Time.Format},
	"Get":             {url.Values.Get},
	"Gone":            {(*callbackRow).Gone},
	"HasPage":         {(*delivery).HasPage},
	"Hint":            {field.Hint},
	"Label":           {field.Label},
	"Last":            {(*delivery).Last},
	"Left":            {(*wait).Left},
	"Low":             {mark.Low},
	"MayPost":         {(*view).MayPost},
	"MayRead":         {(*view).MayRead},
	"More":            {(*line).More},
	"Odd":             {(*filter).Odd},
	"Open":            {(*wait).Open},
	"OwnSecret":       {(*endpoint).OwnSecret},
	"Rotates":         {(*endpoint).Rotates},
	"Rows":            {field.Rows},
	"Shares":          {(*tenantRow).Shares, (*figures).Shares},
	"Shown":           {(*filter).Shown},
	"Slow":            {(*figures).Slow},
	"Success":         {(*figures).Success},
	"Sum":             {(*figures).Sum},
	"Takes":           {(*replayPlan).Takes},
	"TimeoutShare":    {(*figures).TimeoutShare},
	"Title":           {(*detail).Title},
	"Took":            {(*figures).Took},
	"TookAtMost":      {(*figures).TookAtMost},
	"Types":           {(*endpoint).Types},
	"UTC":             {time.Time.UTC},
	"Up":              {(*overviewShown).Up},
	"Value":           {(*firstSteps).Value},
	"What":            {(*line).What, (*change).What, (*group).What},
	"Who":             {(*auditLine).Who},
	"Wide":            {field.Wide},
	"With":            {(*view).With},
	"Without":         {(*view).Without},
	"Word": {
		(*line).Word, (*attempt).Word, (*endpoint).Word, (*lastReload).Word, (*change).Word, (*routed).Word, check.Word, source.Word, (*webhook).Word,
	},
	"Words": {field.Words},
}
