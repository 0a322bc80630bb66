#!/usr/bin/env bash
# cloudevents 10.0.0 (npm): an event that is read and handed on has another time than it came with, or gets one.
#
# Expected: what HTTP.toEvent reads and HTTP.structured or HTTP.binary writes is the same event. "time" is optional,
# and an RFC 3339 time with any fraction and offset; an intermediary leaves attributes alone.
# What it does: the time goes through Date: the fraction is cut to milliseconds and the offset is gone. An event
# without a time is given the clock's on reading, so that two readers of one event, or one that reads it twice,
# see two times that no producer ever wrote.
# Why it matters: the time orders events and is part of what consumers compare to find a repeat. Events of one
# millisecond lose their order behind a Node relay, and a redelivered event without a time is a new one each time.
#
# Seen:
#   came with                            leaves with
#   2026-01-02T03:04:05.123456789+02:00  2026-01-02T01:04:05.123Z
#   no time                              the time of reading
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import assert from 'node:assert/strict'
import { HTTP } from 'cloudevents'

// The time that an event leaves with, in both modes, when it came with this one in a structured request.
function relayed(time) {
  const came = { id: '1', source: '/shop', type: 'order.paid', specversion: '1.0', time }
  const headers = { 'content-type': 'application/cloudevents+json' }
  const event = HTTP.toEvent({ headers, body: JSON.stringify(came) })
  const leaves = JSON.parse(HTTP.structured(event).body).time
  assert.equal(HTTP.binary(event).headers['ce-time'], leaves)
  console.log(time, '->', leaves)
  return leaves
}
assert.equal(relayed('2026-01-02T03:04:05.123456789+02:00'), '2026-01-02T01:04:05.123Z')
const before = Date.now()
const made = Date.parse(relayed(undefined))
assert.ok(before <= made && made <= Date.now())
JS
node "$dir/probe.mjs"
echo 'ok: the time is cut to milliseconds, and made up where there was none'
