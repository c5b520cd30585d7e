"""Posts, what is said about them, and likes: the use cases of one process."""

from composition.foundation import Foundation
from composition.scanning import shown_texts
from composition.stores import Stores
from services.comments import Comments
from services.likes import Likes
from services.notifications import Notifications
from services.post_news import PostNews
from services.posts import Posts


class PostParts:
    """Each with what it needs."""

    def __init__(self, stores: Stores, base: Foundation, notifications: Notifications) -> None:
        texts, news = shown_texts(base.settings), PostNews(base.bus)
        self.posts = Posts(stores.posts, texts)
        self.comments = Comments(stores.comments, texts, news, notifications)
        self.likes = Likes(stores.likes, news, notifications)
