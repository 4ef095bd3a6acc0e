/** Lua scripts for what must be atomic. They use the server's clock, not the replicas'. */
export const scripts = {
  /** KEYS: the events. ARGV: window in milliseconds, a unique name to add, or none. */
  countEvents: {
    numberOfKeys: 1,
    lua: `
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
      if ARGV[2] ~= '' then
        redis.call('ZADD', KEYS[1], now, ARGV[2])
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
      end
      return redis.call('ZCARD', KEYS[1])`,
  },
  /** KEYS: the bucket. ARGV: its size, its refill rate a millisecond, the price. */
  takeTokens: {
    numberOfKeys: 1,
    lua: `
      local size, rate, price = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
      local left = size
      if bucket[1] then left = math.min(size, bucket[1] + math.max(0, now - bucket[2]) * rate) end
      if left < price then return math.ceil((price - left) / rate) end
      redis.call('HSET', KEYS[1], 'left', tostring(left - price), 'at', string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[1], math.ceil((size - left + price) / rate) + 1)
      return 0`,
  },
  /** KEYS: the hash. ARGV: field, `=` and the expected value or nothing, `=` and the new value or nothing, time to live. */
  compareAndSet: {
    numberOfKeys: 1,
    lua: `
      local found = redis.call('HGET', KEYS[1], ARGV[1])
      if (found and '=' .. found or '') ~= ARGV[2] then return 0 end
      if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1])
      else redis.call('HSET', KEYS[1], ARGV[1], string.sub(ARGV[3], 2)) end
      redis.call('PEXPIRE', KEYS[1], ARGV[4])
      return 1`,
  },
  /** KEYS: the versions. ARGV: the new one, its time to live, the channel, the notification. */
  invalidate: {
    lua: `
      for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
      redis.call('PUBLISH', ARGV[3], ARGV[4])`,
  },
} as const;

/** The client's methods that run them. */
export interface Scripted {
  countEvents(key: string, window: number, name: string): Promise<number>;
  takeTokens(key: string, size: number, rate: number, price: number): Promise<number>;
  compareAndSet(key: string, field: string, from: string, to: string, ttl: number): Promise<number>;
  invalidate(keys: number, ...keysAndRest: (string | number)[]): Promise<unknown>;
}
