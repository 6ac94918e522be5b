-- title: What each day cost
-- description: Calls and charges by day in Shanghai, pruned calls included; the cost at the price of each run, with --price for runs that had none, from the certain minimum to the possible maximum.
SELECT day, calls, charged, free, unknown,
       CASE WHEN currencies > 1 OR currency <> :currency THEN NULL
            WHEN charged_unpriced = 0 THEN round(coalesce(money, 0 * :price), 2)
            ELSE round(coalesce(money, 0) + charged_unpriced * :price, 2) END AS money,
       CASE WHEN currencies > 1 OR currency <> :currency THEN NULL
            WHEN at_most_unpriced = 0 THEN round(coalesce(money_at_most, 0 * :price), 2)
            ELSE round(coalesce(money_at_most, 0) + at_most_unpriced * :price, 2) END AS money_at_most,
       coalesce(currency, :currency) AS currency
  FROM daily_spend
 WHERE day >= coalesce(date(:since, '+8 hours'), '')
   AND day <= coalesce(date(:until, '+8 hours', '-0.001 seconds'), '9999')
 ORDER BY day DESC
 LIMIT :limit
