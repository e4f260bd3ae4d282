-- What wrk sends: a GET, or the file named by BODY as a POST. It prints requests, microseconds, and answers that were no success.
local name = os.getenv("BODY")
if name then
  local file = assert(io.open(name, "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = "application/json"
  file:close()
end

done = function(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("measured %d %d %d\n", summary.requests, summary.duration, bad))
end
