// TopicModel
