-- wrk: the requests of the script that SCRIPT names, RATE a second in all, each at its own moment whether or
-- not others have been answered: a connection that is free takes the next moment.
dofile(os.getenv("SCRIPT"))
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]]
local clock, pause, due = ffi.new("moment"), 1000 / os.getenv("RATE"), 0

delay = function()
  ffi.C.clock_gettime(1, clock)
  local now = tonumber(clock.seconds) * 1000 + tonumber(clock.nanoseconds) / 1000000
  due = math.max(due + pause, now)
  return math.floor(due - now + 0.5)
end
