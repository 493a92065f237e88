-- For wrk: POST /add with entries of 1 KiB, none of them twice.
local threads, count = 0, 0
local filling = string.rep("x", 1000)

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init()
    run = string.format("%d-%d", number, os.time())
end

function request()
    count = count + 1
    return wrk.format("POST", "/add", nil, string.format("%s-%011d", run, count) .. filling)
end
