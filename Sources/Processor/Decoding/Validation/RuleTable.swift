/// The rules of one kind of message, where the reader of a million of them a second can walk over them.
struct RuleTable<Field: MessageField>: ~Copyable {
    let rules: UnsafeBufferPointer<FieldRule<Field>>

    init(_ rules: [FieldRule<Field>]) {
        let table = UnsafeMutableBufferPointer<FieldRule<Field>>.allocate(capacity: rules.count)
        _ = table.initialize(from: rules)
        self.rules = UnsafeBufferPointer(table)
    }

    deinit { rules.deallocate() }
}
