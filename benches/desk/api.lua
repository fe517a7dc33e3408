-- Observations that differ, by the members whose tokens these are: `wrk … -- TOKEN…`

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  tokens, at = arguments, 0
  math.randomseed(os.time() + number)
end

function request()
  at = at + 1
  local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. tokens[at % #tokens + 1],
  }
  local body = string.format(
    '{"ra":%.6f,"dec":%.6f,"instrument":"200 mm","observed_time":"%s","exposure_s":60,"filter":"R","magnitude":%.2f,"magnitude_error":0.05}',
    math.random() * 360, math.random() * 120 - 60, os.date("!%Y-%m-%dT%H:%M:%SZ"), 12 + 6 * math.random()
  )
  return wrk.format("POST", "/api/bursts/1/observations", headers, body)
end
