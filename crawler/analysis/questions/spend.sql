-- title: What each day cost
-- description: Calls and charges by day in Shanghai, pruned calls included; the cost at the price of each run, with --price for runs that had none, from the certain minimum to the possible maximum. `unpriced` charged calls are at no known price and not in it.
SELECT day, calls, charged, free, unknown,
       round(coalesce(money + charged_unpriced * usable, money, charged_unpriced * usable), 2) AS money,
       round(coalesce(money_at_most + at_most_unpriced * usable, money_at_most, at_most_unpriced * usable), 2)
                                                                        AS money_at_most,
       coalesce(currency, iif(usable IS NULL, NULL, :currency))         AS currency,
       iif(usable IS NULL, charged_unpriced, 0)                         AS unpriced
  FROM (SELECT *,
               iif(currencies > 1 OR currency <> :currency, NULL, :price) AS usable
          FROM daily_spend)
 WHERE day >= coalesce(date(:since, '+8 hours'), '')
   AND day <= coalesce(date(:until, '+8 hours', '-0.001 seconds'), '9999')
 ORDER BY day DESC
 LIMIT :limit
