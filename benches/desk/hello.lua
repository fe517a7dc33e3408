-- Requests of the hello API for wrk: the names of the bench, in no order. `wrk … -- get|put COUNT`

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

-- As `letters` in hello.rs.
local function name(n)
  local place, letters = (n * 7919) % 11881376, {}
  for i = 1, 5 do
    letters[i] = string.char(97 + place % 26)
    place = math.floor(place / 26)
  end
  return table.concat(letters)
end

function init(arguments)
  local verb, count = arguments[1], tonumber(arguments[2])
  local born = '{"dateOfBirth":"1990-05-17"}'
  wrk.headers["Content-Type"] = verb == "put" and "application/json" or nil
  math.randomseed(20261121 + number)
  prepared, at = {}, 0
  for i = 1, 50000 do
    local path = "/hello/" .. name(math.random(0, count - 1))
    prepared[i] = verb == "put" and wrk.format("PUT", path, nil, born) or wrk.format("GET", path)
  end
end

function request()
  at = at % #prepared + 1
  return prepared[at]
end
