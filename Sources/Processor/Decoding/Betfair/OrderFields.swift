/// The fields of a message of order changes.
enum OrderStreamField: Int, MessageField {
    case ct, pt, oc

    var key: String { "\(self)" }
    static var status: OrderStreamField { .ct }
}

/// The fields of the changes of one market's orders.
enum OrderMarketField: Int, MessageField {
    case id, accountId, closed, fullImage, orc

    var key: String { "\(self)" }
    static var status: OrderMarketField { .id }
}

/// The fields of the changes of one runner's orders.
enum OrderRunnerField: Int, MessageField {
    case id, hc, fullImage, uo, mb, ml, smc

    var key: String { "\(self)" }
    static var status: OrderRunnerField { .id }
}

/// The fields of an order. Times and customers' own numbers are not among them: they are not used.
enum OrderField: Int, MessageField {
    case id, p, s, side, status, ot, avp, sm, sr, sv, bsp, rfs

    var key: String { "\(self)" }
}

/// What the messages of the order stream have to say, and in which form. The limits are `ValueForm`'s.
struct OrderRules: ~Copyable {
    let stream = RuleTable<OrderStreamField>([
        .required(.pt, .eventTime),
        .required(.oc, .list),
    ])

    let market = RuleTable<OrderMarketField>([
        .required(.id, .id),
        .optional(.accountId, .id),
        .optional(.closed, .flag),
        .optional(.fullImage, .flag),
        .optional(.orc, .list),
    ])

    let runner = RuleTable<OrderRunnerField>([
        .required(.id, .id),
        .optional(.hc, .decimal),
        .optional(.fullImage, .flag),
        .optional(.uo, .list),
    ])

    let order = RuleTable<OrderField>([
        .required(.id, .id),
        .required(.side, .id),
        .required(.status, .id),
        .optional(.ot, .id),
        .optional(.p, .decimal),
        .required(.s, .amount),
        .optional(.avp, .decimal),
        .required(.sm, .amount),
        .required(.sr, .amount),
        .optional(.sv, .amount),
        .optional(.bsp, .amount),
        .optional(.rfs, .text),
    ])
}
