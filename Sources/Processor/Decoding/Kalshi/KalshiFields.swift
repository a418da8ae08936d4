/// The fields around every message.
enum KalshiField: Int, SnakeCaseField {
    case type, msg

    static var status: KalshiField { .type }
}

/// The fields of the messages themselves.
enum KalshiMessageField: Int, SnakeCaseField {
    case marketTicker, ts, tsMs, side, price, priceDollars, delta, deltaFp
    case yes, no, yesDollars, noDollars, yesDollarsFp, noDollarsFp
    case yesBid, yesAsk, yesBidDollars, yesAskDollars, yesBidSizeFp, yesAskSizeFp
    case yesPrice, noPriceDollars, eventType, result, eventTicker

    static var status: KalshiMessageField { .marketTicker }
}

/// What the messages have to say, and in which form. Prices come as dollars in text and, from older servers, as cents: the
/// reader takes what there is.
struct KalshiRules: ~Copyable {
    let market = RuleTable<KalshiMessageField>([
        .required(.marketTicker, .id),
        .optional(.ts, .epoch),
        .optional(.tsMs, .epoch),
    ])

    let event = RuleTable<KalshiMessageField>([
        .required(.eventTicker, .id),
        .optional(.ts, .epoch),
        .optional(.tsMs, .epoch),
    ])

    let ticker = RuleTable<KalshiMessageField>([
        .optional(.yesBidSizeFp, .amount),
        .optional(.yesAskSizeFp, .amount),
    ])

    let life = RuleTable<KalshiMessageField>([
        .required(.eventType, .id),
        .optional(.result, .text),
    ])
}
