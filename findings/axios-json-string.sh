#!/usr/bin/env bash
# axios 1.21.1 (npm): a string body is not sent as it is when the content type is application/json.
#
# Expected: a body that is a string already is on the wire byte for byte. The sender has serialized it himself,
# most often because he has just signed it.
# What it does: with "Content-Type: application/json" axios tries JSON.parse on the string. If that works, the
# string is trimmed. If it fails, the string is serialized once more, in quotes: an empty string becomes two
# bytes, and two JSON lines become one JSON string. A Buffer of the same bytes is left alone, and so is a string
# of the type application/cloudevents+json.
# Why it matters: a sender computes the HMAC over the text that he holds, and the receiver gets another one. It
# works in every test with JSON.stringify, and fails for a body that was read from a file or a queue and ends in
# a line feed: 401, for this one event, with a right key and a right clock.
#
# Seen:
#   application/json             string "{\"a\":1}\n"            -> "{\"a\":1}"
#   application/json             string "{\"a\":1}\n{\"a\":2}\n" -> "\"{\\\"a\\\":1}\\n{\\\"a\\\":2}\\n\""
#   application/json             string ""                       -> "\"\""
#   application/json             Buffer "{\"a\":1}\n"            -> as it is
#   application/cloudevents+json string "{\"a\":1}\n"            -> as it is
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts axios@1.21.1 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import assert from 'node:assert/strict'
import http from 'node:http'
import axios from 'axios'

const server = http.createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  response.setHeader('Content-Type', 'text/plain').end(Buffer.concat(parts).toString('hex'))
})
await new Promise(done => server.listen(0, '127.0.0.1', done))
const url = `http://127.0.0.1:${server.address().port}/`

async function onTheWire(type, body) {
  const answer = await axios.post(url, body, { headers: { 'Content-Type': type }, proxy: false, responseType: 'text' })
  const got = Buffer.from(answer.data, 'hex').toString()
  const kind = typeof body === 'string' ? 'string' : 'Buffer'
  console.log(type, kind, JSON.stringify(body.toString()), '->', JSON.stringify(got))
  return got
}

const line = '{"a":1}\n', lines = '{"a":1}\n{"a":2}\n'
try {
  assert.equal(await onTheWire('application/json', line), line.trim())
  assert.equal(await onTheWire('application/json', lines), JSON.stringify(lines))
  assert.equal(await onTheWire('application/json', ''), '""')
  assert.equal(await onTheWire('application/json', Buffer.from(line)), line)
  assert.equal(await onTheWire('application/cloudevents+json', line), line)
} finally {
  server.close()
}
JS
node "$dir/probe.mjs"
echo 'ok: axios trims or quotes a string body of the type application/json'
