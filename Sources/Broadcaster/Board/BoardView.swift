enum BoardView { static let javaScript = ""; static let icon = "" }
