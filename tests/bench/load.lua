-- What wrk sends: a GET, or the file named by BODY as a POST; with PATHS, to one line of that file after another. It prints requests,
-- microseconds, answers that were no success, and the 99th percentile of the latencies in microseconds.
local name = os.getenv("BODY")
if name then
  local file = assert(io.open(name, "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = "application/json"
  file:close()
end

local list = os.getenv("PATHS")
if list then
  local paths, next_one = {}, 0
  for line in io.lines(list) do paths[#paths + 1] = line end
  request = function()
    next_one = next_one % #paths + 1
    return wrk.format(nil, paths[next_one])
  end
end

done = function(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("measured %d %d %d %d\n", summary.requests, summary.duration, bad, latency:percentile(99)))
end
