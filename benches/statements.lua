-- Sends the entries of a file, each behind its length in two bytes, one a request, in order.
-- STATEMENTS names the file, SKIP how many of them are there already.
local file = assert(io.open(os.getenv("STATEMENTS"), "rb"))
local data = file:read("*a")
file:close()
local at = 1
local function entry()
   local high, low = data:byte(at, at + 1)
   if not high then
      return ""
   end
   local first = at + 2
   at = first + high * 256 + low
   return data:sub(first, at - 1)
end
for _ = 1, tonumber(os.getenv("SKIP")) do
   entry()
end
function request()
   return wrk.format("POST", "/add", nil, entry())
end
