-- wrk: the rendered page, one of many portals at random. TOKENS names a file with a link's token a line.
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end

request = function()
  return wrk.format("GET", "/portal/" .. tokens[math.random(#tokens)])
end

response = function(status)
  if status ~= 200 then wrk.thread:stop() error("refused: " .. status) end
end
