enum BoardClient { static let javaScript = ""; static let icon = "" }
