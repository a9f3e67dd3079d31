// TopicModelTests
