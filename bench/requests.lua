-- Sends prepared requests with wrk and prints what came of it as one line of JSON.
--
-- REQUESTS names a file of records: a line with a length in bytes, then so many bytes of HTTP request.
-- ONCE=1 sends each record once and in order; otherwise they are sent in a random order, for ever.

local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
local once = os.getenv("ONCE") == "1"
local prepared = {}
exhausted = 0

local function record()
  local length = file:read("*n")
  if not length then return nil end
  file:read(1)
  return file:read(length)
end

function setup(thread) the_thread = thread end

function init()
  if once then return end
  for request in record do prepared[#prepared + 1] = request end
  math.randomseed(1)
end

function request()
  if not once then return prepared[math.random(#prepared)] end
  local next_one = record()
  if next_one then return next_one end
  exhausted = exhausted + 1
  return "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "refused": %d, "broken": %d, "p50": %.3f, "p99": %.3f, "exhausted": %d}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, the_thread:get("exhausted")))
end
