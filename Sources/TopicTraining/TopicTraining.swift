// TopicTraining
